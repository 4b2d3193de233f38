# SPDX-License-Identifier: GPL-2.0-only
#
# Fuzz targets, made with clang's libFuzzer. Every tests/fuzz/fuzz-*.c is one,
# linked with the rest of its directory, with tests/images and the whole core,
# under AddressSanitizer and UndefinedBehaviorSanitizer; in $(BUILD)/fuzz.

CLANG ?= clang-14
fuzz := $(BUILD)/fuzz
FUZZ_CFLAGS ?= -O2 -g -fno-omit-frame-pointer \
	       -fsanitize=fuzzer-no-link,address,undefined \
	       -fno-sanitize-recover=undefined
fuzz_cflags := -std=gnu11 -Wall -Wextra -Werror -Wno-sign-compare \
	       -Wmissing-prototypes -Wstrict-prototypes -Wshadow \
	       -Iinclude -Isrc/core -Itests/images $(FUZZ_CFLAGS)

fuzz_main := $(wildcard tests/fuzz/fuzz-*.c)
fuzz_rest := $(filter-out $(fuzz_main),$(call sources,tests/fuzz)) \
	     $(images_rest)
fuzz_programs := $(fuzz_main:tests/fuzz/%.c=$(fuzz)/%)

$(fuzz)/%.o: %.c
	@mkdir -p $(@D)
	@$(CLANG) $(fuzz_cflags) -I$(<D) -MMD -MP -c $< -o $@

$(fuzz)/all.a: $(sc_core:%=$(fuzz)/src/core/%.o) $(fuzz_rest:%.c=$(fuzz)/%.o)
	@rm -f $@
	@$(AR) rcs $@ $^

$(fuzz_programs): $(fuzz)/%: $(fuzz)/tests/fuzz/%.o $(fuzz)/all.a
	@$(CLANG) $(fuzz_cflags) -fsanitize=fuzzer $^ -o $@

-include $(shell find $(fuzz) -name '*.d' 2>/dev/null)

.PHONY: fuzz-programs fuzz-list
fuzz-programs: $(fuzz_programs)
fuzz-list:
	@echo $(fuzz_programs)
