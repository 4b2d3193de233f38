// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache-broken.ko: the module with a rule broken, by the parameter "rule".
 */
#include <linux/module.h>
#include <linux/string.h>

#include "module.c"

static int rule_set(const char *value, const struct kernel_param *kp)
{
	unsigned int n;

	for (n = 0; n < SC_NR_BREAKS; n++) {
		if (!sysfs_streq(value, sc_breaks[n].name))
			continue;
		sc_broken = n;
		pr_info("ssdcache-broken: %s\n", sc_breaks[n].what);
		return 0;
	}
	return -EINVAL;
}

static int rule_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n", sc_breaks[sc_broken].name);
}

static const struct kernel_param_ops rule_ops = {
	.set = rule_set,
	.get = rule_get,
};

module_param_cb(rule, &rule_ops, NULL, 0644);
MODULE_PARM_DESC(rule, "the rule to break");
