# SPDX-License-Identifier: GPL-2.0-only
#
# The command ssdcache: tools/*.c and tools/lib/*.c around the pure core. With
# USER_CFLAGS (sanitizers, say) it is built with these in place of its own.
# The result is $(BUILD)/tools/ssdcache.

tools_dir := $(BUILD)/tools
tools_own_cflags := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
tools_libraries := -ldevmapper -lblkid -ljson-c -lexpat -lm
tools_chosen := $(if $(filter command environment,$(firstword $(origin \
	USER_CFLAGS))),$(USER_CFLAGS),$(tools_own_cflags))
tools_cflags := -std=gnu11 -Wall -Wextra -Werror \
		-Wno-sign-compare -Wmissing-prototypes -Wstrict-prototypes \
		-Wshadow -Iinclude -Isrc/core -Itools/lib \
		-isystem /usr/include/json-c $(tools_chosen)

tools_sources := $(sort $(wildcard tools/*.c tools/lib/*.c)) \
		 $(patsubst %,src/core/%.c,$(sc_core) $(sc_core_programs))
tools_objects := $(tools_sources:%.c=$(tools_dir)/obj/%.o)
tools_program := $(tools_dir)/ssdcache

# Objects of other flags are made anew.
$(shell mkdir -p $(tools_dir); echo '$(tools_cflags)' | \
	cmp -s - $(tools_dir)/flags || echo '$(tools_cflags)' >$(tools_dir)/flags)

$(tools_dir)/obj/%.o: %.c $(tools_dir)/flags
	@mkdir -p $(@D)
	@$(CC) $(tools_cflags) -MMD -MP -c $< -o $@

$(tools_program): $(tools_objects)
	@$(CC) $(tools_cflags) -pie $^ $(tools_libraries) -o $@

-include $(tools_objects:%.o=%.d)

.PHONY: tools install-tools uninstall-tools
tools: $(tools_program)

# ---- installation -----------------------------------------------------------

PREFIX ?= /usr/local
DESTDIR ?=
tools_sbin := $(DESTDIR)$(PREFIX)/sbin
# Names of thin-provisioning-tools' programs that it answers to.
tools_libexec := $(DESTDIR)$(PREFIX)/libexec/ssdcache
tools_names := $(addprefix cache_,check dump repair restore writeback)
tools_man := $(DESTDIR)$(PREFIX)/share/man
tools_completion := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
tools_pages8 := $(wildcard tools/man/*.8)
tools_pages5 := $(wildcard tools/man/*.5)

install-tools: $(tools_program)
	install -D -m 755 $(tools_program) $(tools_sbin)/ssdcache
	install -d $(tools_man)/man8 $(tools_man)/man5
	install -m 644 -t $(tools_man)/man8 $(tools_pages8)
	install -m 644 -t $(tools_man)/man5 $(tools_pages5)
	install -D -m 644 tools/completion/ssdcache \
		$(tools_completion)/ssdcache
	install -d $(tools_libexec)
	for p in $(tools_names); do \
		ln -sf ../../sbin/ssdcache $(tools_libexec)/$$p; \
	done

uninstall-tools:
	rm -f $(tools_sbin)/ssdcache $(tools_completion)/ssdcache
	rm -f $(tools_names:%=$(tools_libexec)/%)
	rmdir --ignore-fail-on-non-empty $(tools_libexec) 2>/dev/null || true
	rm -f $(tools_pages8:tools/man/%=$(tools_man)/man8/%) \
		$(tools_pages5:tools/man/%=$(tools_man)/man5/%)
