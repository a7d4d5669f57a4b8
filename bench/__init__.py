"""`make bench`: `pulumi up` of a cluster beside a plain shell script that does the same on the same servers."""
