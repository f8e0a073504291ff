"""Makes the notebooks from `notebooks/src`, runs them, measures them and proves that nothing has drifted. See __main__.py."""
