"""Trust: what may run, with which credentials, against which servers.

A workflow that came from a file, and the code of a workspace that came from elsewhere, do nothing that matters before
somebody has looked at them and decided. What was decided is a *grant*, kept outside of every workspace and
authenticated by a key of the user's own. What a person makes here is trusted by that act, and *signed*.

:mod:`~flowbook.trust.hosts`: the servers of an integration; :mod:`~flowbook.trust.content`: what is signed and
consented to, as canonical JSON; :mod:`~flowbook.trust.needs`: what a workflow is able to do;
:mod:`~flowbook.trust.review`: that as people look at it, :mod:`~flowbook.trust.wording` in words;
:mod:`~flowbook.trust.grants` and :mod:`~flowbook.trust.signing`: what is kept; :mod:`~flowbook.trust.folders`: the code
of a workspace; :mod:`~flowbook.trust.shipped`: what comes with Flowbook.
"""
