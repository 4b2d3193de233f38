// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's log, read by way of /dev/kmsg: a record for each read().
 */
#include <fcntl.h>
#include <unistd.h>

#include "kmsg.h"
#include "report.h"

#define RECORD_BYTES	8192

int kmsg_open(void)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (log >= 0)
		lseek(log, 0, SEEK_END);
	return log;
}

/* "level,sequence,time,flags;text", then lines of no concern. */
static void report_record(char *record, const char *word)
{
	char *text = strchr(record, ';');

	if (!text)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (strstr(text, word))
		report_error("the kernel says: %s", text + 1);
}

void kmsg_report(int log, const char *word)
{
	char record[RECORD_BYTES];
	ssize_t n;

	while (log >= 0) {
		n = read(log, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE)
			continue; /* some were overwritten: go on behind them */
		if (n <= 0)
			return;
		record[n] = '\0';
		report_record(record, word);
	}
}

void kmsg_close(int log)
{
	if (log >= 0)
		close(log);
}
