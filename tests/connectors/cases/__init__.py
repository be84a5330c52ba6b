"""The cases of the house's own connectors, one module each, named as the connector is."""
