"""Values that pass between stages, and the laws they keep.

Every value is a frozen dataclass that checks its laws when it is made. Time is integer samples of the recording's own rate;
seconds appear only in published rows, reports and logs.
"""
