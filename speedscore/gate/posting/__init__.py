"""A gate's report as the one comment under a pull request, on GitHub and on GitLab.

    comment_command  the command, from a report to its comment
    rest        JSON over HTTP, with limits, and one line for what a server refuses
    one_comment a comment is found again by its marker and its author, and changed instead of posted anew
    github      where the comment belongs, from the event that started the workflow; artifact: the report of another run
    gitlab      the same from the variables of a merge request's pipeline

Nothing is measured here and no verdict is drawn. A report that another run left behind may come from a stranger's fork:
it is read as JSON, checked, and rendered here; no text of it is posted as it stands.
"""
