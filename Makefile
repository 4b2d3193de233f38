# SPDX-License-Identifier: GPL-2.0-only
#
# Words for people; Kbuild has the object lists. "make help" explains.

SHELL := /bin/bash
BUILD ?= build
KERNEL ?= 6.12
KERNELS ?= 6.1 6.12 7.x
# Those that "make test" runs but the most important tests on; kasan and kcsan are
# not in KERNELS, but the part debug knows them.
SHORT_KERNELS ?= 7.x kasan kcsan

# The kernel that runs, if its headers are here; else one of the test bed's.
host_headers := $(wildcard /lib/modules/$(shell uname -r)/build/Makefile)
KDIR ?= $(or $(host_headers:/Makefile=),$(shell tests/vm/fetch.sh $(KERNEL))/headers)

.PHONY: all help
all: module

help:
	@sed -n 's/^#: //p' Makefile

include tests/unit/unit.mk
include tests/fuzz/fuzz.mk
include tools/tools.mk
include tools/boot/boot.mk
include tools/dkms/dkms.mk

#: Building
#:   make module [KDIR=..]   ssdcache.ko for the kernel whose headers lie in
#:                           KDIR, the running one's by default; a warning of
#:                           the compiler or of sparse is an error, STRICT=no
#:                           says otherwise. The result is build/ssdcache.ko
#:   make modules-all        for each kernel of the test bed, with the modules
#:                           of the tests: build/6.1/*.ko, build/6.12/*.ko
#:   make tools              the command ssdcache: build/tools/ssdcache
#:   make clean

STRICT ?= yes
sparse := $(if $(shell command -v sparse),C=2)
strict_words := $(if $(filter yes,$(STRICT)),W=1 $(sparse) KCFLAGS=-Werror)
# Said of every module that is built against headers without a vmlinux.
harmless := (compiler|pahole version) differs from the|Skipping BTF generation

# $(call build_module,NAME,KDIR,OUT-DIR,SOURCE-DIR,PATHS,WORDS): sources are copied,
# so that objects of two kernels never meet, nor anything lands in the tree.
define build_module
	@mkdir -p $(3)/$(1)
	@find $(3)/$(1) -name '*.[ch]' ! -name '*.mod.c' -delete
	@cd $(4) && find $(5) \( -name '*.[ch]' ! -name '*.mod.c' \
		-o -name '*.mk' -o -name Kbuild \) \
		-exec cp -p --parents -t $(abspath $(3)/$(1)) {} +
	+@set -o pipefail; $(MAKE) --no-print-directory -C $(2) \
		M=$(abspath $(3)/$(1)) $(strict_words) $(6) modules 2>&1 | \
		sed 's,$(abspath $(3)/$(1))/,$(4:./=),' | tee $(3)/$(1).log
	@! { [ $(STRICT) = yes ] && grep -vE '$(harmless)' $(3)/$(1).log | \
		grep -E '(warning|error|WARNING|ERROR):'; }
	@cp $(3)/$(1)/$(1).ko $(3)/$(1).ko
endef

.PHONY: module modules-all $(foreach k,$(KERNELS),modules-$k ssdcache-$k broken-$k simdisk-$k)
module:
	$(call build_module,ssdcache,$(KDIR),$(BUILD)/host,./,Kbuild src include)
	@cp $(BUILD)/host/ssdcache.ko $(BUILD)/ssdcache.ko

modules-all: $(KERNELS:%=modules-%)

$(KERNELS:%=modules-%): modules-%: ssdcache-% simdisk-%

bed_headers = $$(tests/vm/fetch.sh $*)/headers
$(KERNELS:%=ssdcache-%): ssdcache-%:
	$(call build_module,ssdcache,$(bed_headers),$(BUILD)/$*,./,Kbuild src include)

$(KERNELS:%=broken-%): broken-%:
	$(call build_module,ssdcache-broken,$(bed_headers),$(BUILD)/$*,./,Kbuild src include tests/broken,BROKEN=yes)

$(KERNELS:%=simdisk-%): simdisk-%:
	$(call build_module,simdisk,$(bed_headers),$(BUILD)/$*,tests/simdisk/,.)

#: Testing; each ends with a line "N passed, N failed"
#:   make test               everything, on a fresh Debian 12 machine, too
#:   make check              lint, unit and sim: what needs no virtual machine
#:   make lint | unit | sim | tools-test   one of these; all but lint take
#:                           PROGRAM=name and SEED=number, or SEED=random
#:   make sim-long [MINUTES=n]   the simulations, one random seed after another
#:   make fuzz [MINUTES=n] [PROGRAM=fuzz-..]   every fuzz target, n minutes each
#:   make coverage           how much of src/core unit, sim and the fuzzers'
#:                           corpus reach; an error below 90 % of the branches
#:   make vm [TEST=..] [KERNEL=..]   tests/dm/TEST on one kernel, or all
#:   make crash              what cuts the power, thousands of times: the
#:                           simulations, and the tests in virtual machines;
#:                           SEED=.. CUTS=.. for each machine, MODE=.. BS=..
#:                           LAYOUT=three|one instead of what is drawn;
#:                           SHUFFLE=us for disks that serve in any order; with
#:                           TARGET=cache|writecache the kernel's own instead
#:   make crash-control [RULE=..]    that a broken rule is noticed there
#:   make sanitize           all tests of the module on kernels that watch
#:                           themselves: KASAN, lockdep, kmemleak, KCSAN
#:   make soak [MINUTES=n] [KERNEL=..] [SEED=..]   everything at once, for long
#:   make boot-test [PARTS="data root readme dracut install"]   a Debian with
#:                           systemd boots with our packages: a cached volume in
#:                           fstab, / on one, README's commands, dracut; as root
#:   make style              show where clang-format would change a line

run := BUILD=$(BUILD) KERNELS="$(KERNELS)" SHORT_KERNELS="$(SHORT_KERNELS)" \
	tests/run.sh
one_kernel := BUILD=$(BUILD) KERNELS="$(KERNEL)" tests/run.sh

.PHONY: test check lint unit sim tools-test sim-long fuzz coverage vm crash crash-control boot-test style
.PHONY: sanitize soak
# What it draws is the same each time, unless told otherwise.
test: export SEED := $(or $(SEED),1)
# These take too long: make soak, make vm TEST=nth.
test: export TEST := $(or $(TEST),!(soak|nth))
test:
	@$(run) deps lint unit sim fuzz tools modules bed vm host bench debug

check:
	@$(run) lint unit sim tools

lint unit sim:
	@$(run) $@

tools-test:
	@$(run) tools

MINUTES ?= 10
sim-long:
	@MINUTES=$(MINUTES) $(run) sim_long

fuzz:
	@SEED=random SECONDS_EACH=$$(($(MINUTES) * 60)) $(run) fuzz

coverage:
	@BUILD=$(BUILD) tests/fuzz/coverage.sh

vm:
	@TEST='$(TEST)' $(one_kernel) modules vm

crash: export CUTS := $(or $(CUTS),500)
crash: export SEED := $(or $(SEED),$(shell od -An -N2 -tu2 /dev/urandom | tr -d ' '))
crash: export LIVES := $(or $(LIVES),1500)
crash:
	@echo "SEED=$(SEED)"
ifeq ($(filter-out ssdcache,$(TARGET)),)
	@TEST='*@(power|cut|kill|hold|crash)*' KILLS=20 $(one_kernel) \
		sim modules vm host
else
	@TEST=crash $(one_kernel) modules vm
endif

crash-control: modules-$(KERNEL) broken-$(KERNEL) dm-programs
	@tests/broken/control.sh $(BUILD) $(KERNEL) $(RULE)

sanitize:
	@BUILD=$(BUILD) KERNELS="kasan kcsan" tests/run.sh debug modules vm

soak:
	@MINUTES=$(MINUTES) SEED=$(SEED) $(one_kernel) modules soak

boot-test:
	@PARTS='$(PARTS)' $(run) boot

style:
	@git ls-files '*.[ch]' | xargs clang-format --dry-run 2>&1 || true

#: Measuring
#:   make bench [BENCH=quick|full] [SYSTEM=..] [WORKLOAD=..] [PROFILE=yes]
#:                           the cache and its peers in virtual time; writes
#:                           docs/benchmarks.md. tests/bench/README.md has more

.PHONY: bench
bench: modules-6.12
	@BUILD=$(BUILD) KERNEL=6.12 tests/bench/bench.sh

#: For people
#:   make demo               what the cache does, shown in a virtual machine
#:                           with simulated disks, in less than 10 minutes
#:   make vm-shell [KERNEL=..]   a shell there; the modules are in /modules
#:   make install [KDIR=..] [PREFIX=/usr/local] [DESTDIR=..]
#:                           module and command, into the running system
#:   make uninstall          take both away again; /etc/ssdcachetab stays

.PHONY: demo vm-shell install install-module uninstall uninstall-module
demo:
	@BUILD=$(BUILD) tests/demo/demo.sh

vm-shell: modules-$(KERNEL)
	@tests/vm/run.sh --kernel $(KERNEL) --shell --disk 512M \
		$(patsubst %,--module $(BUILD)/$(KERNEL)/%.ko,ssdcache simdisk)

install: install-module install-tools install-boot

uninstall: uninstall-module uninstall-tools uninstall-boot

# Debian's headers have no System.map, without which modules_install leaves
# depmod out.
release_of = sed -n 's/^\#define UTS_RELEASE "\(.*\)"/\1/p' \
	$(KDIR)/include/generated/utsrelease.h
install-module: module
	$(MAKE) -C $(KDIR) M=$(abspath $(BUILD)/host/ssdcache) \
		$(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) modules_install
	[ -n "$(DESTDIR)" ] || depmod "$$($(release_of))"

uninstall-module:
	release=$$($(release_of)) && dir=$(DESTDIR)/lib/modules/$$release && \
		rm -f $$dir/{extra,updates}/ssdcache.ko* && \
		{ rmdir --ignore-fail-on-non-empty $$dir/{extra,updates} 2>/dev/null; \
		  [ -n "$(DESTDIR)" ] || depmod "$$release"; }

.PHONY: clean
clean:
	rm -rf $(BUILD)
