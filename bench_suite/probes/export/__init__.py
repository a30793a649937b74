"""Does a model leave its framework, and is it still right: one case a framework, model and target.

A model of the suite is converted in the framework's own process, run by another runtime in a process that has never
imported the framework, and held against the framework's own answers on examples that were not used to convert it.
``targets`` says where models can go and by which way. A converter lies in its framework's folder, under ``exports``; a
runtime that is no framework lies here, under ``runtimes``. Nothing here passes without having run.
"""
