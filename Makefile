# fold: one command runs a VM that nobody trusts.
#
#   make            build everything, release flags        make deps     install what building and testing need
#   make demo       run two real guests and show them      make check    build with sanitizers, run every test
#   make bench      speed, side by side with peers         make lint     clang-format, clang-tidy, cppcheck
#   make install    DESTDIR= PREFIX=/usr/local             make deb      Debian packages, in build/deb
#
# SAN=1 builds with AddressSanitizer and UndefinedBehaviorSanitizer; WERROR=1 turns warnings into errors; SHARED=1 links
# fold with shared libraries only.

PREFIX  ?= /usr/local
BUILD   ?= build
VERSION := 0.1.0
# The name by which the programs call themselves in their messages. Debian's package installs fold under another name,
# because coreutils has a `fold`.
COMMAND ?= fold
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)
say      = @printf '  %-7s %s\n' $(1) $(2)

CC      ?= cc
# PKGS are linked. Of LOADED only the headers are needed at build time: src/base/library.h opens these libraries at run
# time, in the few runs that need them.
PKGS    := libmnl libnftnl libnetfilter_queue libcap-ng
LOADED  := inih sqlite3 ldns ext2fs com_err libcurl libcrypto libpcap
CPPFLAGS += -D_GNU_SOURCE -DFOLD_VERSION='"$(VERSION)"' -DFOLD_COMMAND='"$(COMMAND)"' -Isrc
WARN    := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Walloca \
	-Wundef
ifeq ($(WERROR),1)
WARN    += -Werror
endif
MACHINE := $(shell $(CC) -dumpmachine 2>/dev/null || uname -m)
ifeq ($(SAN),1)
OUT     := $(BUILD)/san
MODE    := -O1 -g -fno-pie -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
# The tests start programs thousands of times: with the sanitizers' runtimes as archives, and without relocations, each
# start takes half as long. (clang takes the archives by itself.)
LDMODE  := -no-pie -fsanitize=address,undefined $(if $(findstring clang,$(CC)),,-static-libasan -static-libubsan)
else
OUT     := $(BUILD)/release
# Control-flow protection against hijacked jumps and returns; each processor has its own option for it.
BRANCH  := $(if $(findstring x86_64,$(MACHINE)),-fcf-protection)$(if $(findstring aarch64,$(MACHINE)),-mbranch-protection=standard)
MODE    := -O2 -g -fPIE -fstack-protector-strong -fstack-clash-protection $(BRANCH) -D_FORTIFY_SOURCE=3
LDMODE  := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
endif
CFLAGS  += -std=gnu17 $(WARN) $(MODE)
# Warnings apply to this project's code, not to the libraries' headers.
LIBCFLAGS = $(shell pkg-config --cflags $(PKGS) $(LOADED) 2>/dev/null)
LIBS     = $(shell pkg-config --libs $(PKGS) 2>/dev/null)
# Some tests call these libraries directly.
TESTLIBS = -Wl,--as-needed $(shell pkg-config --libs $(LOADED) 2>/dev/null)

# Everything but the main programs is one library, which the tests link too.
MAINS   := src/cli/fold.c src/dhcpd/main.c
SRCS    := $(filter-out $(MAINS),$(wildcard src/*/*.c))
OBJS    := $(SRCS:%.c=$(OUT)/%.o)
LIB     := $(OUT)/libfold.a
PROGS   := $(OUT)/fold $(OUT)/fold-dhcpd $(OUT)/fold-replay
UNITS   := $(patsubst tests/unit/%.c,$(OUT)/tests/unit/%,$(wildcard tests/unit/test_*.c))
TOOLS   := $(patsubst tests/tools/%.c,$(OUT)/tests/tools/%,$(wildcard tests/tools/*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(OUT)/tests/fuzz/%,$(filter-out %_main.c,$(wildcard tests/fuzz/*.c)))
MALFORM := $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/pcap/malform/*.c))
ATTACK  := $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/fw/*.c))
BENCHES := $(patsubst bench/%.c,$(OUT)/bench/%,$(wildcard bench/*.c))

.PHONY: all programs tests bench-programs check demo bench fuzz lint format format-check tidy cppcheck install clean
.DELETE_ON_ERROR:
.SECONDARY:
all: programs

# One list of packages, one place that installs them; every goal below asks for it.
DEPS ?= ./utils/deps
.PHONY: deps deps-build deps-test deps-bench deps-lint deps-deb
deps: deps-test deps-bench deps-lint
deps-build deps-test deps-bench deps-lint deps-deb:
	$(Q)$(DEPS) $(@:deps-%=%)

# Two of Debian's kernels, unpacked under build/: one for the demo's guests, one to prove NFQUEUE on.
.PHONY: deps-kernel
deps-kernel: deps-test
	$(Q)./utils/deps kernel >/dev/null

programs: $(PROGS)
tests: $(UNITS) $(TOOLS) $(FUZZERS) $(OUT)/tests/pcap/malform/malform $(if $(ATTACK),$(OUT)/tests/fw/attack)
bench-programs: $(BENCHES)

$(OUT)/%.o: %.c | deps-build
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(LIBCFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(OBJS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# A shared library costs each VM 0.3 ms of its start, to map and relocate it, and some 50 KiB. So fold itself has the code
# of those that the system itself has as archives. A distribution, whose updates are to reach fold too, builds with SHARED=1.
archive  = $(filter /%,$(shell $(CC) -print-file-name=$(1)))
ifeq ($(filter 1,$(SAN) $(SHARED)),)
$(OUT)/fold: LIBS := $(if $(filter -L%,$(LIBS)),$(LIBS),$(foreach l,$(LIBS),$(or $(call archive,$(l:-l%=lib%.a)),$(l))))
endif
$(OUT)/fold: $(OUT)/src/cli/fold.o $(LIB)
$(OUT)/fold-dhcpd: $(OUT)/src/dhcpd/main.o $(LIB)
$(OUT)/fold-dhcpd: LIBS += -lpthread
PCAP    := $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/pcap/*.c))
$(OUT)/fold-replay: $(PCAP) $(LIB)
$(PROGS):
	$(call say,LD,$@)
	$(Q)$(CC) $(LDMODE) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIBS)

$(OUT)/tests/unit/%: $(OUT)/tests/unit/%.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDMODE) $(LDFLAGS) -o $@ $< $(LIB) $(LIBS) $(TESTLIBS) -lcmocka
$(TOOLS): %: %.o $(LIB)
$(OUT)/tests/tools/weave_double: $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/tools/weave/*.c))
$(OUT)/tests/fw/attack: $(ATTACK) $(LIB)
$(OUT)/tests/pcap/malform/malform: $(MALFORM)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDMODE) $(LDFLAGS) -o $@ $^
# A fuzz target without libFuzzer: replay_main runs it over the files of its corpus.
$(OUT)/tests/fuzz/%: $(OUT)/tests/fuzz/%.o $(OUT)/tests/fuzz/replay_main.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDMODE) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) $(LIBS) $(TESTLIBS)
$(TOOLS) $(OUT)/tests/fw/attack:
	$(call say,LD,$@)
	$(Q)$(CC) $(LDMODE) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) $(LIBS) $(TESTLIBS)
# Without shared libraries (see there), which AddressSanitizer needs.
STAMP   := -static $(if $(findstring x86_64,$(MACHINE)),-e stamp_entry)
$(OUT)/bench/stamp: $(OUT)/bench/stamp.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(if $(filter 1,$(SAN)),$(LDMODE),$(STAMP)) $(LDFLAGS) -o $@ $< $(LIB)
$(OUT)/bench/%: $(OUT)/bench/%.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDMODE) $(LDFLAGS) -o $@ $< $(LIB) $(LIBS) -lpthread

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)

PARALLEL = --no-print-directory -j$(shell nproc)
# The tests are built with sanitizers and warnings as errors, whatever the caller builds with.
check: deps-build deps-test deps-kernel
	$(Q)$(MAKE) $(PARALLEL) SAN=1 WERROR=1 programs tests
	$(Q)$(MAKE) $(PARALLEL) WERROR=1 programs tests
	$(Q)OUT=$(BUILD)/san TOOLS=$(BUILD)/release/tests/tools tests/run $(SUITES)

demo: deps-build deps-test deps-kernel
	$(Q)$(MAKE) $(PARALLEL) programs
	$(Q)FOLD=$(abspath $(OUT))/fold ./utils/demo

bench: deps-build deps-test deps-bench
	$(Q)$(MAKE) $(PARALLEL) programs tests bench-programs
	$(Q)OUT=$(abspath $(OUT)) ./bench/run

# Coverage-guided, with clang: make fuzz TARGET=dhcp4 SECONDS=600. New inputs join the target's corpus.
TARGET  ?= dhcp4
SECONDS ?= 60
fuzz: deps-build deps-test
	$(Q)mkdir -p $(BUILD)/fuzz tests/fuzz/corpus/$(TARGET)
	$(Q)clang $(CPPFLAGS) $(LIBCFLAGS) -std=gnu17 -g -O1 -fsanitize=fuzzer,address,undefined \
		-o $(BUILD)/fuzz/$(TARGET) tests/fuzz/$(TARGET).c $(SRCS) $(LIBS) $(TESTLIBS)
	$(Q)$(BUILD)/fuzz/$(TARGET) -max_total_time=$(SECONDS) -max_len=4096 tests/fuzz/corpus/$(TARGET)

lint: deps-lint format-check tidy cppcheck
CFILES   = $(wildcard src/*/*.[ch] tests/*/*.[ch] tests/*/*/*.[ch] bench/*.[ch])
format:
	clang-format -i $(CFILES)
format-check:
	clang-format --dry-run -Werror $(CFILES)
# One clang-tidy process a file: given several, the analyzer carries its knowledge of a va_list from one file to the
# next.
TIDY = $(addprefix tidy/,$(SRCS) $(MAINS))
.PHONY: $(TIDY)
tidy:
	$(Q)$(MAKE) $(PARALLEL) $(TIDY)
$(TIDY): tidy/%:
	$(Q)echo "  TIDY    $*" && clang-tidy --quiet $* -- -std=gnu17 $(CPPFLAGS) $(LIBCFLAGS)
cppcheck:
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability,performance --inline-suppr \
		--suppress=missingIncludeSystem -D_GNU_SOURCE -Isrc src

# Shell completions. bash-completion loads our file for `fold` only if SYSCONFDIR has fold.eager, because it already
# handles coreutils' `fold` itself.
SYSCONFDIR ?= $(if $(filter /usr /usr/local,$(PREFIX)),/etc,$(PREFIX)/etc)
SHARE       = $(DESTDIR)$(PREFIX)/share
.PHONY: install-completions
install-completions:
	install -d $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	install -d $(DESTDIR)$(SYSCONFDIR)/bash_completion.d
	install -m 644 packaging/completions/fold.eager $(DESTDIR)$(SYSCONFDIR)/bash_completion.d/fold
	for name in fold fold-dhcpd fold-replay; do \
		install -m 644 packaging/completions/$$name.bash $(SHARE)/bash-completion/completions/$$name && \
		install -m 644 packaging/completions/$$name.fish $(SHARE)/fish/vendor_completions.d/$$name.fish || exit; \
	done
	install -m 644 packaging/completions/fold.zsh $(SHARE)/zsh/site-functions/_fold-vm
	install -m 644 packaging/completions/fold-dhcpd.zsh $(SHARE)/zsh/site-functions/_fold-dhcpd
	install -m 644 packaging/completions/fold-replay.zsh $(SHARE)/zsh/site-functions/_fold-replay

# Only what users need: the programs, their manual pages and completions, and samples of a binding file and of the configuration.
install: programs install-completions
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/doc/fold
	install -m 755 $(filter-out %-dhcpd,$(PROGS)) $(DESTDIR)$(PREFIX)/bin
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/share/man/man8 $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 755 $(OUT)/fold-dhcpd $(DESTDIR)$(PREFIX)/sbin
	install -m 644 docs/*.8 $(DESTDIR)$(PREFIX)/share/man/man8
	install -d $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 docs/*.5 $(DESTDIR)$(PREFIX)/share/man/man5
	sed 's|/usr/sbin|$(PREFIX)/sbin|' packaging/fold-dhcpd.service >$(DESTDIR)$(PREFIX)/lib/systemd/system/fold-dhcpd.service
	install -m 644 docs/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 README.md docs/binding.example docs/nfdhcpd.conf.example docs/migration.md $(DESTDIR)$(PREFIX)/share/doc/fold

# packaging/make-deb builds in a copy of the tree, as root or as any user.
.PHONY: deb
deb: deps-deb
	$(Q)packaging/make-deb $(VERSION) $(abspath $(BUILD))/deb

clean:
	rm -rf $(BUILD)
