SELECT maintain($1 * interval '1 second'), forget_conversations()
