"""What are customers worth: what they will still bring, and what a new one does?"""
