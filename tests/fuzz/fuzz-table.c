// SPDX-License-Identifier: GPL-2.0-only
/*
 * Table lines: refused with a reason, or what is emitted says the same again.
 */
#include "config.h"
#include "fuzz.h"
#include "text.h"

static void emit(const struct sc_config *c, char *buf, size_t size)
{
	struct sc_text t;

	sc_text_init(&t, buf, size);
	sc_text_add(&t, "m c o ");
	sc_config_emit_table(c, &t);
	fuzz_must(t.len + 1 < size, "a table line of %zu bytes", t.len);
}

static void check(const struct sc_config *c)
{
	char first[4096], second[4096], *words, *argv[FUZZ_WORDS];
	struct sc_config again;
	struct sc_reason why = {};
	unsigned int argc;

	emit(c, first, sizeof(first));
	words = fuzz_line((u8 *)first, strlen(first));
	argc = fuzz_split(words, argv);
	fuzz_must(!sc_config_parse_table(&again, argc, argv, &why),
		  "'%s' is refused: %s", first, why.text);
	emit(&again, second, sizeof(second));
	fuzz_must(!strcmp(first, second), "'%s' becomes '%s'", first, second);
	fuzz_must(!memcmp(&c->tune, &again.tune, sizeof(again.tune)) &&
		  c->mode == again.mode && c->features == again.features &&
		  c->policy == again.policy &&
		  c->block_sectors == again.block_sectors,
		  "'%s' is read differently", first);
	free(words);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	char *line = fuzz_line(data, size), *argv[FUZZ_WORDS];
	unsigned int argc = fuzz_split(line, argv);
	struct sc_reason why = {};
	struct sc_config c;
	int r;

	r = sc_config_parse_table(&c, argc, argv, &why);
	if (r)
		fuzz_must(r == -EINVAL && strlen(why.text) > 10,
			  "refused without a reason: %d", r);
	else
		check(&c);
	free(line);
	return 0;
}
