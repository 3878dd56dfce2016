"""Which keys the province believes: the trust bundle, key statements, enrolment of PCs, number leases."""
