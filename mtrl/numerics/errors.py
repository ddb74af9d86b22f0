"""The one error users meet."""


class BadInput(ValueError):
    """Input outside what a function or study accepts.

    The message is one plain sentence: what, which value was got, what is allowed, what to try. The command line prints it without a
    traceback and exits with status 2.
    """
