"""From findings to dimensions and the Speed Score: coverage, intervals, sensitivity, maturity. No file is read here."""
