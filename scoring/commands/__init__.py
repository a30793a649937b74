"""What a person asks of the scores on the command line. Everything that is shown was computed elsewhere."""
