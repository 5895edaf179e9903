"""Assignments: released, collected, graded and given back, with nbgrader as the face.

The only importer of nbgrader. A trainee's code is never run here: the judge reads what a fresh
sandbox of that trainee's seed recorded when the submitted journal's inputs were performed again.
"""
