"""Scaling: is the step that several devices share the step of one, and is it really shared out?

On the host nothing is timed: devices that one processor stands for prove correctness, never speed.
"""
