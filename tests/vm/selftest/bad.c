// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module that does what a module must not, to show that the test bed sees
 * it: insmod bad.ko what=warn|oops|stuck. With what=none it does nothing.
 */

#include <linux/completion.h>
#include <linux/module.h>
#include <linux/string.h>

static char *what = "none";
module_param(what, charp, 0444);
MODULE_PARM_DESC(what, "none, warn, oops or stuck");

static int __init bad_init(void)
{
	DECLARE_COMPLETION_ONSTACK(never);
	int *nowhere = NULL;

	if (!strcmp(what, "none"))
		return 0;
	if (!strcmp(what, "warn")) {
		WARN_ON_ONCE(1);
		return 0;
	}
	if (!strcmp(what, "oops"))
		return *READ_ONCE(nowhere);
	if (!strcmp(what, "stuck")) {
		wait_for_completion(&never);
		return 0;
	}
	return -EINVAL;
}
module_init(bad_init);

static void __exit bad_exit(void)
{
}
module_exit(bad_exit);

MODULE_DESCRIPTION("misbehaves on demand, for the test of the test bed");
MODULE_LICENSE("GPL");
