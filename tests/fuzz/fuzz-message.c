// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages: the first line of an input is the table in effect, each other one a
 * message. Refused with a reason and nothing changed, or the configuration is
 * still one that a table can say.
 */
#include "fuzz.h"
#include "message.h"
#include "text.h"

static void check_config(const struct sc_config *c)
{
	char line[4096], *argv[FUZZ_WORDS];
	struct sc_reason why = {};
	struct sc_config again;
	struct sc_text t;

	sc_text_init(&t, line, sizeof(line));
	sc_text_add(&t, "m c o ");
	sc_config_emit_table(c, &t);
	fuzz_must(!sc_config_parse_table(&again, fuzz_split(line, argv), argv,
					 &why),
		  "after a message, the table is refused: %s", why.text);
	fuzz_must(!memcmp(&c->tune, &again.tune, sizeof(again.tune)) &&
		  c->mode == again.mode, "the table does not say the message");
}

static void check_ranges(const struct sc_message *m)
{
	struct sc_slot_range range;
	struct sc_reason why;
	u32 i, nr_slots;

	fuzz_must(m->nr_ranges, "an invalidation of nothing");
	for (i = 0; i < m->nr_ranges; i++) {
		nr_slots = i & 1 ? 1000 : SC_MAX_CBLOCKS;
		why.text[0] = 0;
		if (sc_message_range(m->ranges[i], nr_slots, &range, &why))
			fuzz_must(strlen(why.text) > 10, "range: no reason");
		else
			fuzz_must(range.begin < range.end &&
				  range.end <= nr_slots, "range '%s' is %u-%u",
				  m->ranges[i], range.begin, range.end);
	}
}

static void send(struct sc_config *c, char *line)
{
	struct sc_config before = *c;
	struct sc_reason why = {};
	char *argv[FUZZ_WORDS];
	struct sc_message m;
	int r;

	r = sc_message_parse(&m, c, fuzz_split(line, argv), argv, &why);
	fuzz_must(!memcmp(c, &before, sizeof(before)), "parsing changed it");
	if (r) {
		fuzz_must(r == -EINVAL && strlen(why.text) > 10,
			  "refused without a reason: %d", r);
		return;
	}
	sc_message_apply(c, &m);
	if (m.kind == SC_MSG_SET || m.kind == SC_MSG_MODE)
		check_config(c);
	else
		fuzz_must(!memcmp(c, &before, sizeof(before)),
			  "a message of another kind changed it");
	if (m.kind == SC_MSG_INVALIDATE)
		check_ranges(&m);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	char *text = fuzz_line(data, size), *rest = text, *line;
	char *argv[FUZZ_WORDS];
	struct sc_config c;

	line = strsep(&rest, "\n");
	if (sc_config_parse_table(&c, fuzz_split(line, argv), argv, NULL))
		sc_config_init(&c);
	while ((line = strsep(&rest, "\n")))
		send(&c, line);
	free(text);
	return 0;
}
