"""Who is who: users and their sign-in, guest buyers, and the actor that use cases are given."""
