"""The command line: thin verbs, one file a group, each loading what it needs when it is called."""
