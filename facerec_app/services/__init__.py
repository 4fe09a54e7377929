"""What a user can ask for; the command line and the window share these and never reach past them."""
