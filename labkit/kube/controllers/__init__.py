"""Controllers: each watches the store and brings status towards spec, in virtual time."""
