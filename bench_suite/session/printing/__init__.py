"""What a session says on the terminal, while it measures and at its end; the report takes some of its words.

    progress        what is measured, and what is left; screen: where that is written
    overview        all that was measured on one screen; terminal_report: all of it
    tables          one group's table; capability_lines: what tasks tell beside their time

It reads records and measures nothing.
"""
