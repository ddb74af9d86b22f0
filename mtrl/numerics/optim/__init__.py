from mtrl._later import inside

__getattr__ = inside(__name__)
