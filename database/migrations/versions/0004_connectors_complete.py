"""Connectors, complete: what a message costs, and providers that are asked for news

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
revision = '0004'
down_revision = '0003'


def upgrade() -> None:
    op.add_column('messages', sa.Column('cost', sa.Numeric(), nullable=True), schema='tactful')
    op.add_column('messages', sa.Column('currency', sa.Text(), nullable=True), schema='tactful')
    op.add_column('messages', sa.Column('cost_told_at', sa.DateTime(timezone=True), nullable=True), schema='tactful')
    op.create_check_constraint(op.f('ck_messages_cost'), 'messages', '(cost IS NULL) = (currency IS NULL)', schema='tactful')
    op.create_index(op.f('ix_messages_frozen_at'), 'messages', ['frozen_at'], unique=False, schema='tactful', postgresql_using='brin')
    op.execute("COMMENT ON TABLE tactful.messages IS 'The very bytes of each part of a contact, frozen at the claim: every attempt sends the same. What it costs is as configured then, or as the provider told at `cost_told_at`.'")
    op.add_column('receipts', sa.Column('cost', sa.Numeric(), nullable=True), schema='tactful')
    op.add_column('receipts', sa.Column('currency', sa.Text(), nullable=True), schema='tactful')
    op.create_table('connector_polls',
    sa.Column('connector', sa.Text(), nullable=False),
    sa.Column('cursor', sa.Text(), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('worked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failing_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fault', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('connector', name=op.f('pk_connector_polls')),
    schema='tactful',
    comment='Connectors whose providers are asked for receipts: where the next look begins, when it is due (while somebody looks: when another may), when one last worked, and since when and why none does.'
    )
