SELECT maintain($1 * interval '1 second'), forget_conversations(),
    maintain_consumed($1 * interval '1 second'), forget_notifications($1 * interval '1 second')
