"""Pictures: the house style and its ways to draw simulation, theory and a paper's numbers."""
