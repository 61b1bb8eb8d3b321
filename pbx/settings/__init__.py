"""Settings: the sections of the configuration that belong to the business, changed while the PBX runs."""
