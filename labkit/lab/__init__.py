"""What a notebook holds: the handle, its magics, and JupyterLab itself.

It knows the sandbox by its protocols alone, finds it by ``endpoints.json``, and starts one as a
process; it imports nothing of :mod:`labkit.sandbox`.
"""
