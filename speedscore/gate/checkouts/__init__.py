"""The two checkouts of a gate: where their code lies, what differs between them, and what is missing in one of them.

    worktrees       where the code of base and head lies
    projects        which Python projects lie in it; import_roots: the folders that their code is imported from
    checkout_copies a copy in which building may leave what it likes; source_files: what a package is built from
    base_setup      what makes the files of a base that git does not keep
    changed_files   which files differ between the two

No checkout of a user's is changed, and no test is run here.
"""
