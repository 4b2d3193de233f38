# SPDX-License-Identifier: GPL-2.0-only
#
# The module's sources for DKMS, and Debian's packages.

version := $(shell sed -n 's/^\#define SC_VERSION_\(MAJOR\|MINOR\|PATCH\)\s*//p' \
	include/ssdcache/abi.h | paste -sd.)
dkms_dir := /usr/src/ssdcache-$(version)

#: Packages
#:   make deb                Debian's packages ssdcache and ssdcache-dkms, and
#:                           lintian's opinion: build/deb/*.deb
#:   make install-dkms       the module's sources, to where dkms finds them

.PHONY: deb install-dkms uninstall-dkms
install-dkms:
	install -d $(DESTDIR)$(dkms_dir)
	find Kbuild src include \( -name '*.[ch]' ! -name '*.mod.c' \
		-o -name '*.mk' -o -name Kbuild \) -exec \
		cp -p --parents -t $(DESTDIR)$(dkms_dir) {} +
	sed 's/#MODULE_VERSION#/$(version)/' tools/dkms/dkms.conf \
		>$(DESTDIR)$(dkms_dir)/dkms.conf

uninstall-dkms:
	rm -rf $(DESTDIR)$(dkms_dir)

# Built of a copy of what git tracks, so that nothing lands in the tree.
deb_dir := $(BUILD)/deb/ssdcache-$(version)
deb:
	rm -rf $(BUILD)/deb
	mkdir -p $(deb_dir)
	git ls-files -z | xargs -0 cp -p --parents -t $(deb_dir)
	cd $(deb_dir) && dpkg-buildpackage -b -us -uc >../build.log 2>&1 || \
		{ tail -n 30 ../build.log; false; }
	lintian --fail-on error,warning --allow-root $(BUILD)/deb/*.deb
