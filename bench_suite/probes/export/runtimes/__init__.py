"""What opens an artefact and is no framework: a module each, answering ``targets.Target.load``. None knows a model."""
