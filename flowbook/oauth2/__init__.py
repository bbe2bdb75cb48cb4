"""OAuth 2.0 as Flowbook is a client of it: signing in, renewing, signing out; it keeps nothing itself.

``oauthlib`` writes and reads the messages of the protocol (RFC 6749, 7636, 8628); they go by :mod:`flowbook.http`, so
that an integration's allowed hosts, timeouts and what is hidden hold for tokens as for everything else.

* :mod:`~flowbook.oauth2.tokens`: what came of a sign-in, as it is kept
* :mod:`~flowbook.oauth2.provider`: the endpoints of one service, asked for one integration
* :mod:`~flowbook.oauth2.faults`: what they refuse, in words
* :mod:`~flowbook.oauth2.browser`: signing in on a page that comes back to this machine
* :mod:`~flowbook.oauth2.device`: signing in with a code on any other machine
* :mod:`~flowbook.oauth2.accounts`: service accounts, which nobody signs in for
"""
