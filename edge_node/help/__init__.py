"""The officer's guide, shown on the node itself: an office without internet has no other place to look."""
