"""Many saved runs together: as tables that SQL asks, and as series of a case over commits with their change points.

The saved runs stay the record; tables are made from them and can be made again. Machines are never mixed.
"""
