# SPDX-License-Identifier: GPL-2.0-only
#
# The one list of the pure core's objects, without suffix. Kbuild, the unit
# tests, the simulators and the tools all take it from here.

sc_core := admit bitmap checkpoint codec config counter dirty geometry ghost \
	   journal label load map message meta plan \
	   policy policy-cleaner policy-lru policy-s3fifo \
	   reason replay status super text tunable words

# Pure, too, but for programs only: the module has no use for it.
sc_core_programs := check
