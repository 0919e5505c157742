"""What goes with a better answer?"""
