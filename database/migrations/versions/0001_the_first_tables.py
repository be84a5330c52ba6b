"""The first tables

Revision ID: 0001
Revises: nothing
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0001'
down_revision = None


def upgrade() -> None:
    op.create_table('connector_holds',
    sa.Column('connector', sa.Text(), nullable=False),
    sa.Column('fault', sa.Text(), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('held_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('connector', name=op.f('pk_connector_holds')),
    schema='tactful',
    comment='Connectors that cannot work now (credentials, quota), for everybody, and when to try again.'
    )
    op.create_table('customers',
    sa.Column('customer_key', sa.UUID(), nullable=False),
    sa.Column('revision', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('status', sa.Text(), server_default='active', nullable=False),
    sa.Column('time_zone', sa.Text(), nullable=True),
    sa.Column('language', sa.Text(), nullable=True),
    sa.Column('country', sa.Text(), nullable=True),
    sa.Column('properties', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.Column('preferred', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False),
    sa.Column('segment', sa.Text(), nullable=True),
    sa.Column('registered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("status IN ('active', 'inactive', 'erased')", name=op.f('ck_customers_status')),
    sa.PrimaryKeyConstraint('customer_key', name=op.f('pk_customers')),
    schema='tactful',
    comment='One row a customer. `revision` goes up by one in every transaction that changes what may be sent to them; `told_at` is as of when the newest of their facts were told.'
    )
    op.create_table('mailbox',
    sa.Column('part_key', sa.UUID(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('content', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('part_key', name=op.f('pk_mailbox')),
    schema='tactful',
    comment='What the mailbox connectors delivered: every channel, for development.'
    )
    op.create_index(op.f('ix_mailbox_delivered_at'), 'mailbox', ['delivered_at'], unique=False, schema='tactful')
    op.create_table('served_versions',
    sa.Column('version', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('version', name=op.f('pk_served_versions')),
    schema='tactful',
    comment='The versions of the code that these tables still serve; a migration that contracts empties it.'
    )
    op.create_table('strategies',
    sa.Column('strategy', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('strategy', name=op.f('pk_strategies')),
    schema='tactful',
    comment='Which version of a strategy is the published one.'
    )
    op.create_table('watched_events',
    sa.Column('name', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_watched_events')),
    schema='tactful',
    comment='The events whose history some version of a strategy looks at: only these are read for a decision.'
    )
    op.create_table('addresses',
    sa.Column('address_no', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('customer_key', sa.UUID(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('said_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('replaced_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['customer_key'], ['tactful.customers.customer_key'], name=op.f('fk_addresses_customer_key')),
    sa.PrimaryKeyConstraint('address_no', name=op.f('pk_addresses')),
    schema='tactful',
    comment='Where a customer can be reached; the row without `replaced_at` is the one in use, last said at `said_at`.'
    )
    op.create_index(op.f('ix_addresses_channel_address'), 'addresses', ['channel', 'address'], unique=False, schema='tactful')
    op.create_index('ux_addresses_current', 'addresses', ['customer_key', 'channel'], unique=True, schema='tactful', postgresql_where=sa.text('replaced_at IS NULL'))
    op.create_table('consents',
    sa.Column('consent_no', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('customer_key', sa.UUID(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('basis', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('evidence', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.Column('stated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("state IN ('opted_in', 'pending', 'opted_out')", name=op.f('ck_consents_state')),
    sa.ForeignKeyConstraint(['customer_key'], ['tactful.customers.customer_key'], name=op.f('fk_consents_customer_key')),
    sa.PrimaryKeyConstraint('consent_no', name=op.f('pk_consents')),
    schema='tactful',
    comment='Append-only. The latest statement by `stated_at` holds, whatever order statements arrive in.'
    )
    op.create_index(op.f('ix_consents_customer_key_channel_topic_stated_at'), 'consents', ['customer_key', 'channel', 'topic', 'stated_at'], unique=False, schema='tactful')
    op.create_table('customer_ids',
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('customer_key', sa.UUID(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('user', 'anonymous')", name=op.f('ck_customer_ids_kind')),
    sa.ForeignKeyConstraint(['customer_key'], ['tactful.customers.customer_key'], name=op.f('fk_customer_ids_customer_key')),
    sa.PrimaryKeyConstraint('kind', 'id', name=op.f('pk_customer_ids')),
    schema='tactful',
    comment="Other people's ids, several to a customer."
    )
    op.create_index(op.f('ix_customer_ids_customer_key'), 'customer_ids', ['customer_key'], unique=False, schema='tactful')
    op.create_table('events',
    sa.Column('event_key', sa.UUID(), nullable=False),
    sa.Column('customer_key', sa.UUID(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('message_id', sa.Text(), nullable=False),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('properties', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.Column('historical', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['customer_key'], ['tactful.customers.customer_key'], name=op.f('fk_events_customer_key')),
    sa.PrimaryKeyConstraint('event_key', name=op.f('pk_events')),
    sa.UniqueConstraint('message_id', name=op.f('uq_events_message_id')),
    schema='tactful',
    comment="Append-only. `message_id` is the sender's: the same event told twice is one row."
    )
    op.create_index(op.f('ix_events_customer_key_name_occurred_at'), 'events', ['customer_key', 'name', 'occurred_at'], unique=False, schema='tactful')
    op.create_table('outbox',
    sa.Column('outbox_no', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('customer_key', sa.UUID(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('workflow_id', sa.Text(), nullable=False),
    sa.Column('workflow_type', sa.Text(), nullable=False),
    sa.Column('subject_key', sa.UUID(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.ForeignKeyConstraint(['customer_key'], ['tactful.customers.customer_key'], name=op.f('fk_outbox_customer_key')),
    sa.PrimaryKeyConstraint('outbox_no', name=op.f('pk_outbox')),
    schema='tactful',
    comment='Starts and wake-ups still to be told to Temporal, in order per customer. Delivered rows are deleted.'
    )
    op.create_index(op.f('ix_outbox_customer_key_outbox_no'), 'outbox', ['customer_key', 'outbox_no'], unique=False, schema='tactful')
    op.create_table('strategy_versions',
    sa.Column('strategy', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('files', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['strategy'], ['tactful.strategies.strategy'], name=op.f('fk_strategy_versions_strategy')),
    sa.PrimaryKeyConstraint('strategy', 'version', name=op.f('pk_strategy_versions')),
    schema='tactful',
    comment='Immutable: the whole folder, as it was published.'
    )
    op.create_table('suppressions',
    sa.Column('suppression_no', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('customer_key', sa.UUID(), nullable=True),
    sa.Column('channel', sa.Text(), nullable=True),
    sa.Column('address', sa.Text(), nullable=True),
    sa.Column('topic', sa.Text(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('stated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("kind IN ('undeliverable', 'marketing')", name=op.f('ck_suppressions_kind')),
    sa.CheckConstraint('customer_key IS NOT NULL OR address IS NOT NULL', name=op.f('ck_suppressions_somebody')),
    sa.ForeignKeyConstraint(['customer_key'], ['tactful.customers.customer_key'], name=op.f('fk_suppressions_customer_key')),
    sa.PrimaryKeyConstraint('suppression_no', name=op.f('pk_suppressions')),
    schema='tactful',
    comment='Append-only. A standing no for a customer or for an address (whoever holds it).'
    )
    op.create_index(op.f('ix_suppressions_channel_address'), 'suppressions', ['channel', 'address'], unique=False, schema='tactful')
    op.create_index(op.f('ix_suppressions_customer_key'), 'suppressions', ['customer_key'], unique=False, schema='tactful')
    op.create_table('journeys',
    sa.Column('journey_key', sa.UUID(), nullable=False),
    sa.Column('strategy', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('first_step', sa.Text(), nullable=False),
    sa.Column('step', sa.Text(), nullable=False),
    sa.Column('customer_key', sa.UUID(), nullable=False),
    sa.Column('key', sa.Text(), server_default='', nullable=False),
    sa.Column('entry_no', sa.Integer(), nullable=False),
    sa.Column('cycle', sa.Integer(), server_default='1', nullable=False),
    sa.Column('planned_cycle', sa.Integer(), server_default='0', nullable=False),
    sa.Column('state', sa.Text(), server_default='open', nullable=False),
    sa.Column('event_key', sa.UUID(), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('milestones', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False),
    sa.Column('goals', sa.Integer(), server_default='0', nullable=False),
    sa.Column('goal_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cost', sa.Numeric(precision=14, scale=2), server_default='0', nullable=False),
    sa.Column('revenue', sa.Numeric(precision=14, scale=2), server_default='0', nullable=False),
    sa.Column('currency', sa.Text(), nullable=True),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("state IN ('open', 'paused', 'goal', 'completed', 'exited', 'timed_out')", name=op.f('ck_journeys_state')),
    sa.ForeignKeyConstraint(['customer_key'], ['tactful.customers.customer_key'], name=op.f('fk_journeys_customer_key')),
    sa.ForeignKeyConstraint(['event_key'], ['tactful.events.event_key'], name=op.f('fk_journeys_event_key')),
    sa.PrimaryKeyConstraint('journey_key', name=op.f('pk_journeys')),
    schema='tactful',
    comment="One customer's passage through a step and those that follow it. A row before it is a workflow."
    )
    op.create_index('ix_journeys_open', 'journeys', ['customer_key'], unique=False, schema='tactful', postgresql_where=sa.text("state IN ('open', 'paused')"))
    op.create_index('ux_journeys_entry', 'journeys', ['strategy', 'first_step', 'customer_key', 'key', 'entry_no'], unique=True, schema='tactful')
    op.create_table('orders',
    sa.Column('event_key', sa.UUID(), nullable=False),
    sa.Column('customer_key', sa.UUID(), nullable=False),
    sa.Column('order_id', sa.Text(), nullable=True),
    sa.Column('placed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('total', sa.Numeric(precision=14, scale=2), nullable=True),
    sa.Column('currency', sa.Text(), nullable=True),
    sa.Column('properties', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.ForeignKeyConstraint(['customer_key'], ['tactful.customers.customer_key'], name=op.f('fk_orders_customer_key')),
    sa.ForeignKeyConstraint(['event_key'], ['tactful.events.event_key'], name=op.f('fk_orders_event_key')),
    sa.PrimaryKeyConstraint('event_key', name=op.f('pk_orders')),
    schema='tactful',
    comment='Every `order.placed`, ready to be counted and added up; an order id told again is the same order.'
    )
    op.create_index(op.f('ix_orders_customer_key_placed_at'), 'orders', ['customer_key', 'placed_at'], unique=False, schema='tactful')
    op.create_index('ux_orders_told_once', 'orders', ['customer_key', 'order_id'], unique=True, schema='tactful')
    op.create_table('contacts',
    sa.Column('contact_key', sa.UUID(), nullable=False),
    sa.Column('journey_key', sa.UUID(), nullable=True),
    sa.Column('customer_key', sa.UUID(), nullable=False),
    sa.Column('strategy', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('stage', sa.Text(), nullable=False),
    sa.Column('step', sa.Text(), nullable=False),
    sa.Column('communication', sa.Text(), nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.Column('raised', sa.Integer(), server_default='0', nullable=False),
    sa.Column('cycle', sa.Integer(), server_default='1', nullable=False),
    sa.Column('channels', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False),
    sa.Column('question', sa.Text(), nullable=True),
    sa.Column('state', sa.Text(), server_default='planned', nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('planned_for', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('counts_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('fence', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('request', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.Column('cost', sa.Numeric(precision=14, scale=2), server_default='0', nullable=False),
    sa.Column('revenue', sa.Numeric(precision=14, scale=2), server_default='0', nullable=False),
    sa.Column('currency', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("state IN ('planned', 'claimed', 'sent', 'skipped', 'control', 'expired', 'cancelled', 'held', 'parked')", name=op.f('ck_contacts_state')),
    sa.CheckConstraint("state NOT IN ('claimed', 'sent') OR counts_at IS NOT NULL", name=op.f('ck_contacts_counts')),
    sa.CheckConstraint("state NOT IN ('skipped', 'parked', 'cancelled', 'expired', 'control') OR reason IS NOT NULL", name=op.f('ck_contacts_reason')),
    sa.ForeignKeyConstraint(['customer_key'], ['tactful.customers.customer_key'], name=op.f('fk_contacts_customer_key')),
    sa.ForeignKeyConstraint(['journey_key'], ['tactful.journeys.journey_key'], name=op.f('fk_contacts_journey_key')),
    sa.PrimaryKeyConstraint('contact_key', name=op.f('pk_contacts')),
    schema='tactful',
    comment='The ledger: one communication to one customer, planned or made. Its key is the idempotency key.'
    )
    op.create_index('ix_contacts_counting', 'contacts', ['customer_key', 'counts_at'], unique=False, schema='tactful', postgresql_where=sa.text('counts_at IS NOT NULL'))
    op.create_index(op.f('ix_contacts_journey_key'), 'contacts', ['journey_key'], unique=False, schema='tactful')
    op.create_index('ix_contacts_open', 'contacts', ['state', 'due_at'], unique=False, schema='tactful', postgresql_where=sa.text("state IN ('planned', 'claimed', 'held', 'parked')"))
    op.create_index('ix_contacts_planned', 'contacts', ['customer_key', 'due_at'], unique=False, schema='tactful', postgresql_where=sa.text("state = 'planned'"))
    op.create_index(op.f('ix_contacts_updated_at'), 'contacts', ['updated_at'], unique=False, schema='tactful')
    op.create_table('decisions',
    sa.Column('decision_no', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('contact_key', sa.UUID(), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('verdict', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('trace', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['contact_key'], ['tactful.contacts.contact_key'], name=op.f('fk_decisions_contact_key')),
    sa.PrimaryKeyConstraint('decision_no', name=op.f('pk_decisions')),
    schema='tactful',
    comment='Append-only: every answer of decide() with every rule it asked, and under which version.'
    )
    op.create_index(op.f('ix_decisions_contact_key_decision_no'), 'decisions', ['contact_key', 'decision_no'], unique=False, schema='tactful')
    op.create_table('messages',
    sa.Column('contact_key', sa.UUID(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('part_key', sa.UUID(), nullable=False),
    sa.Column('connector', sa.Text(), nullable=False),
    sa.Column('content', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
    sa.Column('frozen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Text(), server_default='claimed', nullable=False),
    sa.Column('provider_id', sa.Text(), nullable=True),
    sa.Column('fault', sa.Text(), nullable=True),
    sa.Column('detail', sa.Text(), nullable=True),
    sa.CheckConstraint("state IN ('claimed', 'sent', 'unknown', 'refused')", name=op.f('ck_messages_state')),
    sa.ForeignKeyConstraint(['contact_key'], ['tactful.contacts.contact_key'], name=op.f('fk_messages_contact_key')),
    sa.PrimaryKeyConstraint('contact_key', 'channel', name=op.f('pk_messages')),
    sa.UniqueConstraint('part_key', name=op.f('uq_messages_part_key')),
    schema='tactful',
    comment='The very bytes of each part of a contact, frozen at the claim: every attempt sends the same.'
    )
    op.create_index(op.f('ix_messages_connector_provider_id'), 'messages', ['connector', 'provider_id'], unique=False, schema='tactful')
    op.create_table('offer_codes',
    sa.Column('strategy', sa.Text(), nullable=False),
    sa.Column('offer', sa.Text(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('contact_key', sa.UUID(), nullable=True),
    sa.Column('given_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['contact_key'], ['tactful.contacts.contact_key'], name=op.f('fk_offer_codes_contact_key')),
    sa.PrimaryKeyConstraint('strategy', 'offer', 'code', name=op.f('pk_offer_codes')),
    sa.UniqueConstraint('contact_key', name=op.f('uq_offer_codes_contact_key')),
    schema='tactful',
    comment='Codes that are given out one each, and to which contact each went.'
    )
    op.create_index('ix_offer_codes_free', 'offer_codes', ['strategy', 'offer'], unique=False, schema='tactful', postgresql_where=sa.text('contact_key IS NULL'))
    op.create_table('receipts',
    sa.Column('receipt_no', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('connector', sa.Text(), nullable=False),
    sa.Column('dedupe_id', sa.Text(), nullable=False),
    sa.Column('contact_key', sa.UUID(), nullable=True),
    sa.Column('provider_id', sa.Text(), nullable=True),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('raw', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['contact_key'], ['tactful.contacts.contact_key'], name=op.f('fk_receipts_contact_key')),
    sa.PrimaryKeyConstraint('receipt_no', name=op.f('pk_receipts')),
    schema='tactful',
    comment='Append-only: what providers told us later.'
    )
    op.create_index(op.f('ix_receipts_contact_key'), 'receipts', ['contact_key'], unique=False, schema='tactful')
    op.create_index('ux_receipts_told_once', 'receipts', ['connector', 'dedupe_id'], unique=True, schema='tactful')
