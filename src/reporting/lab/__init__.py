"""JupyterLab as `make lab` opens it: what is saved is clean, what is edited is taken up."""
