# SPDX-License-Identifier: GPL-2.0-only
#
# Programs that test without a kernel. Every file of tests/unit and tests/sim that
# has a main() becomes a program, linked with all other files of its directory
# and with the whole core, those of sim with tests/images as well, and those of
# tests/tools with the command. All, and the command itself, are made under
# AddressSanitizer and UndefinedBehaviorSanitizer. The results lie in
# $(BUILD)/user.

include src/core/core.mk

user := $(BUILD)/user

USER_CFLAGS ?= -O1 -g -fsanitize=address,undefined \
	       -fno-sanitize-recover=undefined -fno-omit-frame-pointer
user_cflags := -std=gnu11 -Wall -Wextra -Werror -Wno-sign-compare \
	       -Wmissing-prototypes -Wstrict-prototypes -Wshadow \
	       -Iinclude -Isrc/core -Itests/images $(USER_CFLAGS)

# $(call with_main,DIR) and its rest: the programs, the helpers
with_main = $(shell grep -lsE '^int main\>' $(1)/*.c)
sources = $(sort $(wildcard $(1)/*.c))

unit_main := $(call with_main,tests/unit)
sim_main := $(call with_main,tests/sim)
unit_rest := $(filter-out $(unit_main),$(call sources,tests/unit))
images_rest := $(filter-out $(call with_main,tests/images), \
	       $(call sources,tests/images))
sim_rest := $(images_rest) tests/broken/rules.c \
	    $(filter-out $(sim_main),$(call sources,tests/sim))

tools_main := $(call with_main,tests/tools)
tools_rest := $(filter-out $(tools_main),$(call sources,tests/tools)) \
	      tests/unit/random.c \
	      $(filter-out tools/ssdcache.c,$(sort $(wildcard tools/*.c \
	      tools/lib/*.c)))

unit_programs := $(unit_main:%.c=$(user)/%)
sim_programs := $(sim_main:%.c=$(user)/%)
tools_programs := $(tools_main:%.c=$(user)/%)
user_command := $(user)/tools/ssdcache
core_archive := $(user)/core.a

$(user)/tools/%.o $(user)/tests/tools/%.o: user_cflags += -Itools -Itools/lib \
	-Itests/unit -isystem /usr/include/json-c
$(user)/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(user_cflags) -I$(<D) -MMD -MP -c $< -o $@

$(core_archive): $(patsubst %,$(user)/src/core/%.o,$(sc_core) $(sc_core_programs))
	@mkdir -p $(@D)
	@rm -f $@
	@$(AR) rcs $@ $^

# For tests/unit/memory.c, which lets memory run out.
$(unit_programs): link_flags := -Wl,--wrap=calloc
$(unit_programs): $(unit_rest:%.c=$(user)/%.o)
$(sim_programs): $(sim_rest:%.c=$(user)/%.o)
$(unit_programs) $(sim_programs): %: %.o $(core_archive)
	@$(CC) $(user_cflags) $(filter %.o,$^) $(core_archive) \
		$(link_flags) -lcmocka -lm -o $@

# tests/tools/power.c stands between the command and its files.
$(tools_programs): private wraps := -Wl,--wrap=pwrite,--wrap=fdatasync
# What start would do to devices is looked at.
start_wraps := blk_exists cache_run cache_need_target cache_open cache_fits \
	       cache_forget cache_activate cache_activate_alone cache_status \
	       program_run
$(user)/tests/tools/test-start: private wraps += $(start_wraps:%=-Wl,--wrap=%)
$(user)/tests/tools/test-screen: private wraps += -Wl,--wrap=read
$(tools_programs): $(tools_rest:%.c=$(user)/%.o)
$(user_command): $(user)/tools/ssdcache.o $(filter-out \
		 $(user)/tests/%,$(tools_rest:%.c=$(user)/%.o))
$(tools_programs): %: %.o
$(tools_programs) $(user_command): $(core_archive)
	@$(CC) $(user_cflags) $(wraps) $(filter %.o,$^) $(core_archive) \
		-lcmocka $(tools_libraries) -o $@

# What runs at boot.
boot_tested := $(addprefix $(user)/tools/ssdcache-,generator origin)
$(user)/tools/boot/%.o: user_cflags += -DUNIT_DIR='"/lib/systemd/system"'
$(boot_tested): $(user)/tools/ssdcache-%: $(user)/tools/boot/%.o \
		$(user)/tools/boot/unit.o $(core_archive) \
		$(patsubst %.c,$(user)/%.o,$(wildcard tools/lib/*.c))
	@$(CC) $(user_cflags) $(filter %.o,$^) $(core_archive) \
		$(tools_libraries) -o $@

# What the tests of tests/dm run in the guest; plain C, each file a program.
dm_programs := $(patsubst %.c,$(user)/%,$(wildcard tests/dm/*.c))

$(dm_programs): $(user)/%: %.c $(wildcard tests/dm/*.h)
	@mkdir -p $(@D)
	@$(CC) -std=gnu11 -O2 -g -Wall -Wextra -Werror -pthread $< -o $@

# The one of them that is made of the core.
hostile := $(user)/tests/dm/hostile
dm_programs += $(hostile)
$(hostile): $(call sources,tests/images) $(sc_core:%=src/core/%.c) \
	    $(wildcard tests/images/*.h src/core/*.h include/ssdcache/*.h)
	@mkdir -p $(@D)
	@$(CC) -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wno-sign-compare \
		-Iinclude -Isrc/core $(filter %.c,$^) -o $@

.SECONDARY:
-include $(shell find $(user) -name '*.d' 2>/dev/null)

.PHONY: unit-programs sim-programs tools-programs dm-programs
.PHONY: unit-list sim-list tools-list
dm-programs: $(dm_programs)
unit-programs: $(unit_programs)
sim-programs: $(sim_programs)
tools-programs: $(tools_programs) $(user_command) $(boot_tested)
tools-list:
	@echo $(tools_programs) $(wildcard tests/tools/test-*.sh)
unit-list:
	@echo $(unit_programs)
sim-list:
	@echo $(sim_programs)
