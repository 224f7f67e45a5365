"""Speed promises, measured: each module is run with ``python -m bench.<name>`` and exits non-zero when a promise is broken."""
