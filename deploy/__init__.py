"""How the pipeline is put on machines."""
