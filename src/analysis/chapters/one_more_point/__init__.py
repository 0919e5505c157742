"""What goes with one more point of satisfaction, in months and in money?"""
