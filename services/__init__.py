"""The stages. Each imports the runtime and the contract, never another stage."""
