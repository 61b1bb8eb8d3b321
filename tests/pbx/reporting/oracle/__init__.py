"""The figures once more: computed from raw events in plain Python, by the definitions, without the product's SQL."""
