# SPDX-License-Identifier: GPL-2.0-only
#
# What starts caches at boot: generator, service, udev rule, initramfs. Places
# are those of Debian; PREFIX=/usr for packages. With the default prefix systemd
# and udev find theirs below /usr/local, the initramfs makers do not look there.

boot_programs := $(tools_dir)/ssdcache-generator $(tools_dir)/ssdcache-origin
boot_lib := $(filter $(tools_dir)/obj/tools/lib/% $(tools_dir)/obj/src/%, \
	    $(tools_objects))

boot_sbin := $(PREFIX)/sbin
boot_libexec := $(PREFIX)/libexec/ssdcache
SYSTEMD_DIR ?= $(PREFIX)/lib/systemd
boot_systemd := $(SYSTEMD_DIR)
UDEV_DIR ?= $(PREFIX)/lib/udev
boot_udev := $(UDEV_DIR)
boot_hooks := /usr/share/initramfs-tools
boot_dracut := /usr/lib/dracut/modules.d/90ssdcache
boot_fill = sed -e 's,@SBIN@,$(boot_sbin),g' -e 's,@UDEV@,$(boot_udev),g' \
	-e 's,@LIBEXEC@,$(boot_libexec),g' -e 's,@SYSTEMD@,$(boot_systemd),g'

$(tools_dir)/obj/tools/boot/generator.o: \
	tools_cflags += -DUNIT_DIR='"$(boot_systemd)/system"'

# An archive, so that of the library and the core they get what they use.
$(tools_dir)/lib.a: $(boot_lib)
	@rm -f $@ && $(AR) rcs $@ $^

$(tools_dir)/ssdcache-%: $(tools_dir)/obj/tools/boot/%.o \
		$(tools_dir)/obj/tools/boot/unit.o $(tools_dir)/lib.a
	@$(CC) $(tools_cflags) -pie $^ -Wl,--as-needed $(tools_libraries) -o $@

-include $(wildcard $(tools_dir)/obj/tools/boot/*.d)

.PHONY: boot-programs install-boot uninstall-boot
boot-programs: $(boot_programs)

# $(call boot_install,MODE,FROM,TO)
define boot_install
	@install -d $(dir $(DESTDIR)$(3))
	$(boot_fill) $(2) >$(DESTDIR)$(3)
	@chmod $(1) $(DESTDIR)$(3)
endef

install-boot: $(boot_programs)
	install -D -m 755 $(tools_dir)/ssdcache-generator \
		$(DESTDIR)$(boot_systemd)/system-generators/ssdcache-generator
	install -D -m 755 $(tools_dir)/ssdcache-origin \
		$(DESTDIR)$(boot_libexec)/ssdcache-origin
	$(call boot_install,644,tools/systemd/ssdcache@.service.in,$(boot_systemd)/system/ssdcache@.service)
	$(call boot_install,644,tools/systemd/ssdcache-initrd.service.in,$(boot_systemd)/system/ssdcache-initrd.service)
	$(call boot_install,644,tools/systemd/ssdcache-renew.service.in,$(boot_systemd)/system/ssdcache-renew.service)
	$(call boot_install,755,tools/systemd/initrd-state.sh,$(boot_libexec)/initrd-state)
	$(call boot_install,755,tools/systemd/initramfs-renew.sh,$(boot_libexec)/initramfs-renew)
	$(call boot_install,644,tools/udev/66-ssdcache.rules.in,$(boot_udev)/rules.d/66-ssdcache.rules)
	$(call boot_install,755,tools/initramfs/hook,$(boot_hooks)/hooks/ssdcache)
	$(call boot_install,755,tools/initramfs/local-top,$(boot_hooks)/scripts/local-top/ssdcache)
	$(call boot_install,755,tools/dracut/module-setup.sh,$(boot_dracut)/module-setup.sh)
	$(call boot_install,755,tools/dracut/state.sh,$(boot_dracut)/state.sh)

uninstall-boot:
	rm -f $(DESTDIR)$(boot_systemd)/system-generators/ssdcache-generator \
		$(DESTDIR)$(boot_libexec)/ssdcache-origin \
		$(DESTDIR)$(boot_systemd)/system/ssdcache@.service \
		$(DESTDIR)$(boot_systemd)/system/ssdcache-initrd.service \
		$(DESTDIR)$(boot_systemd)/system/ssdcache-renew.service \
		$(DESTDIR)$(boot_libexec)/initrd-state \
		$(DESTDIR)$(boot_libexec)/initramfs-renew \
		$(DESTDIR)$(boot_udev)/rules.d/66-ssdcache.rules \
		$(DESTDIR)$(boot_hooks)/hooks/ssdcache \
		$(DESTDIR)$(boot_hooks)/scripts/local-top/ssdcache \
		$(DESTDIR)$(boot_dracut)/module-setup.sh \
		$(DESTDIR)$(boot_dracut)/state.sh
	rmdir --ignore-fail-on-non-empty $(DESTDIR)$(boot_dracut) \
		$(DESTDIR)$(boot_libexec) $(DESTDIR)/var/lib/ssdcache \
		2>/dev/null || true
