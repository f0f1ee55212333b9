//! Every verdict of the server, pure: decide(account, command, context).
