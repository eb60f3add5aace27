"""What a user writes down: boards, models, chains. Records and their checks, nothing that computes."""
